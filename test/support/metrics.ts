import type { RunningProcess } from './process.js';

/** The values of a process's metrics page, by series as the page writes it: `name{label="value"}`. */
export async function scrape({ ready }: RunningProcess): Promise<Map<string, number>> {
  const response = await fetch(`http://${ready.ops}/metrics`);
  if (response.status !== 200) throw new Error(`the metrics page answers ${response.status}`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}
