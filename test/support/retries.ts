/**
 * Times that a failed test is tried again: once on a CI server, whose other tenants may stop it for seconds. The report
 * names the test then (`retry x1`), which is a fault to look into. Never at a developer's.
 */
export const RETRIES = process.env.CI === undefined ? 0 : 1;
