import { existsSync } from 'node:fs';
import { defineConfig, type Project } from '@playwright/test';

/**
 * Chromium of the machine: named by LEASEHOLD_CHROMIUM, else Debian's; without both, Playwright's own. The headless shell
 * is the same browser without its windows, and takes half the time of the processor, of which browsers take four fifths.
 */
const chromium = [process.env.LEASEHOLD_CHROMIUM, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(
  (file) => file !== undefined && existsSync(file),
);

const screens = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 320, height: 700 },
};

/**
 * The two combinations that differ most run every journey: a wide screen with JavaScript, a phone without. The other two
 * run what is tagged @everywhere: the main job, whatever a script does more for, and one journey each of a partner and of
 * the staff; or everything with LEASEHOLD_JOURNEYS=everywhere. A test tagged @js-only needs scripts; one tagged @once is
 * about something else than pages, and runs in the first project only.
 */
const rest = process.env.LEASEHOLD_JOURNEYS === 'everywhere' ? {} : { grep: /@everywhere/ };
const projects: Project[] = [
  { name: 'desktop-js', use: { viewport: screens.desktop, javaScriptEnabled: true } },
  { name: 'phone-js', use: { viewport: screens.phone, javaScriptEnabled: true }, grepInvert: /@once/, ...rest },
  { name: 'phone-nojs', use: { viewport: screens.phone, javaScriptEnabled: false }, grepInvert: /@js-only|@once/ },
  { name: 'desktop-nojs', use: { viewport: screens.desktop, javaScriptEnabled: false }, grepInvert: /@js-only|@once/, ...rest },
];

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  // The tests of a file take turns: many a file has a product of its own, and each worker would start one.
  fullyParallel: false,
  forbidOnly: process.env.CI === 'true',
  retries: 0,
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list'], ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? 'test-results/results.json' }]],
  projects,
  use: {
    browserName: 'chromium',
    // The journeys speak of English pages and UTC days.
    locale: 'en-US',
    timezoneId: 'UTC',
    // Nothing is caught half-way, and pages do not cross-fade while they are looked at.
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
    // Traces slow every test down; `cargo xtask e2e --trace on` records them.
    trace: 'off',
    launchOptions: {
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
});
