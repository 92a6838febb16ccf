import { test } from '@playwright/test';

/**
 * The Python that has the packages of the tests. Where there is none the test ends here, skipped; in a run that leaves nothing
 * out it fails.
 */
export function pythonWith(packages: string): string {
  const python = process.env.LEASEHOLD_TEST_PYTHON;
  if (python !== undefined) return python;
  const reason = `LEASEHOLD_TEST_PYTHON names no Python with ${packages}`;
  if (process.env.CI === 'true') throw new Error(reason);
  test.skip(true, reason);
  return '';
}
