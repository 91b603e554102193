import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { numberOf } from './format.js';
import type { Point, SeriesName } from './metrics.js';

const HEIGHT = 150;
/** Seconds that a chart shows. */
const SPAN_SECONDS = 300;
/** Steps of an axis: of what is counted, whole ones. */
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();
/** Seconds between two times on the axis. */
const MINUTES = [60, 120, 300];
const FINE = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, ...WHOLE];
const DARK = matchMedia('(prefers-color-scheme: dark)');

/** A chart of some series over the last minutes; the newest values stand beside its title, for those who see none. */
export function Chart(props: {
  title: string;
  unit: string;
  series: readonly (readonly [SeriesName, string])[];
  points: readonly Point[];
}) {
  const { title, unit, series, points } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [isDark, setDark] = useState(DARK.matches);
  useEffect(() => {
    const changed = (): void => setDark(DARK.matches);
    DARK.addEventListener('change', changed);
    return () => DARK.removeEventListener('change', changed);
  }, []);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const made = new uPlot(optionsOf(series, unit === '', element.clientWidth), dataOf(series, points), element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [isDark]);
  useEffect(() => plot.current?.setData(dataOf(series, points)), [points]);
  const last = points.at(-1);
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong>
        {series.map(([name, label], index) => (
          <span key={name} class={`series s${index}`}>
            {label} <b>{format(last?.values[name], unit)}</b>
          </span>
        ))}
      </figcaption>
      <div ref={box} aria-hidden="true" />
    </figure>
  );
}

function format(value: number | undefined, unit: string): string {
  return value === undefined ? '–' : `${numberOf(value)} ${unit}`.trim();
}

function dataOf(series: readonly (readonly [SeriesName, string])[], points: readonly Point[]): uPlot.AlignedData {
  return [points.map(({ at }) => at), ...series.map(([name]) => points.map(({ values }) => values[name] ?? null))];
}

function optionsOf(series: readonly (readonly [SeriesName, string])[], isCount: boolean, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 14, 0, 0],
    scales: {
      x: { range: () => spanUntil(Date.now() / 1000) },
      y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] },
    },
    axes: [
      { ...axis, size: 26, space: 36, incrs: MINUTES, values: (_, times) => times.map(toClock) },
      { ...axis, size: 52, incrs: isCount ? WHOLE : FINE },
    ],
    series: [
      {},
      ...series.map((_, index) => ({
        stroke: colour(`--series-${index}`),
        width: 2,
        // A value between gaps makes no line: it is a dot.
        points: { show: false, size: 4, filter: (plot: uPlot, at: number) => aloneIn(plot.data[at] ?? []) },
      })),
    ],
  };
}

/** Returns the places of values that have no neighbours. */
function aloneIn(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values, (value, index) => {
    const isAlone = value != null && values[index - 1] == null && values[index + 1] == null;
    return isAlone ? index : -1;
  }).filter((index) => index >= 0);
}

/** The last minutes before a time. */
function spanUntil(now: number): [number, number] {
  return [now - SPAN_SECONDS, now];
}

function toClock(seconds: number): string {
  const time = new Date(seconds * 1000);
  return [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
}
