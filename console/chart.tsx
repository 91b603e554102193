import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { numberOf } from './format.js';
import type { Point, SeriesName } from './metrics.js';

const HEIGHT = 150;
/** Seconds that a chart shows. */
const SPAN_SECONDS = 300;
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
    const made = new uPlot(optionsOf(series, element.clientWidth), dataOf(series, points), element);
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

function optionsOf(series: readonly (readonly [SeriesName, string])[], width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: () => spanUntil(Date.now() / 1000) },
      y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] },
    },
    axes: [
      { ...axis, values: (_, times) => times.map(toClock) },
      { ...axis, size: 44 },
    ],
    series: [
      {},
      ...series.map((_, index) => ({
        stroke: colour(`--series-${index}`),
        width: 2,
        points: { show: false },
        spanGaps: true,
      })),
    ],
  };
}

/** The last minutes before a time. */
function spanUntil(now: number): [number, number] {
  return [now - SPAN_SECONDS, now];
}

function toClock(seconds: number): string {
  const time = new Date(seconds * 1000);
  return [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
}
