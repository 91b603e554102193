/** Returns the headers and the body of a request that carries the fields of a form. */
export function formOf(fields: Readonly<Record<string, string>>): { headers: Record<string, string>; body: string } {
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}
