/** Latency in milliseconds at a rate of messages a second. */
export interface CurvePoint {
  rate: number;
  p50: number;
  p99: number;
}

/** Points in the order of their rates. */
export interface Curve {
  ours: CurvePoint[];
  floor: CurvePoint[];
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 60;
const RIGHT = 150;
const TOP = 40;
const BOTTOM = 50;
const RATE_STEPS = 5;

/** The curve as an SVG: rate to the right, milliseconds upwards on a logarithmic scale. */
export function drawLatency(curve: Curve): string {
  const points = [...curve.ours, ...curve.floor];
  const values = points.flatMap(({ p50, p99 }) => [p50, p99]);
  const lowest = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const highest = 10 ** Math.ceil(Math.log10(Math.max(...values)));
  const step = niceStep(Math.max(...points.map(({ rate }) => rate)) / RATE_STEPS);
  const widest = Math.ceil(Math.max(...points.map(({ rate }) => rate)) / step) * step;
  const x = (rate: number): number => LEFT + (rate / widest) * (WIDTH - LEFT - RIGHT);
  const y = (ms: number): number =>
    HEIGHT - BOTTOM - (Math.log(ms / lowest) / Math.log(highest / lowest)) * (HEIGHT - TOP - BOTTOM);

  const grid: string[] = [];
  for (let ms = lowest; ms <= highest * 1.01; ms *= 10) {
    grid.push(
      line(LEFT, y(ms), WIDTH - RIGHT, y(ms), '#ddd'),
      text(LEFT - 8, y(ms) + 4, 'end', `${Number(ms.toPrecision(1))}`),
    );
  }
  for (let rate = 0; rate <= widest; rate += step) {
    grid.push(
      line(x(rate), TOP, x(rate), HEIGHT - BOTTOM, '#eee'),
      text(x(rate), HEIGHT - BOTTOM + 18, 'middle', `${rate}`),
    );
  }
  const series = [
    { points: curve.ours, percentile: 'p99', colour: '#c0392b', dash: '', name: 'ONE-PUSH p99' },
    { points: curve.ours, percentile: 'p50', colour: '#c0392b', dash: '5 4', name: 'ONE-PUSH p50' },
    { points: curve.floor, percentile: 'p99', colour: '#2c5f8a', dash: '', name: 'bare floor p99' },
    { points: curve.floor, percentile: 'p50', colour: '#2c5f8a', dash: '5 4', name: 'bare floor p50' },
  ] as const;
  const lines = series.flatMap(({ points: of, percentile, colour, dash, name }, index) => {
    const path = of.map((point) => `${round(x(point.rate))},${round(y(point[percentile]))}`).join(' ');
    const at = TOP + 12 + index * 20;
    const style = `fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"`;
    return [
      `<polyline points="${path}" ${style}/>`,
      `<polyline points="${WIDTH - RIGHT + 12},${at - 4} ${WIDTH - RIGHT + 36},${at - 4}" ${style}/>`,
      text(WIDTH - RIGHT + 42, at, 'start', name),
    ];
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    // For those who do not see it; the linter asks for it.
    '<title>Latency against load</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, TOP - 16, 'start', 'Milliseconds from when a message was due to when its device has it'),
    ...grid,
    ...lines,
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, 'middle', 'messages a second, one device each'),
    '</svg>',
  ].join('\n')}\n`;
}

function niceStep(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted));
  return ([1, 2, 5, 10].find((factor) => factor * power >= wanted) ?? 10) * power;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}"/>`;
}

function text(x: number, y: number, anchor: string, content: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="#333">${content}</text>`;
}
