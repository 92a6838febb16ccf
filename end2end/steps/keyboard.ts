import { expect, type Locator, type Page } from '@playwright/test';

/** Somebody who has not come there by then has lost the way. */
const MOST_STOPS = 200;
/** Answers of a choice at most, which the arrows go through. */
const MOST_CHOICES = 60;

/** What has the focus, seen from where somebody wants to go. */
interface Stop {
  /** What it is, for a failure. */
  what: string;
  /** Nothing has it: the page is fresh, or was skipped to. */
  nowhere: boolean;
  /** It can be seen where it is. */
  seen: boolean;
  /** It is there, or at another answer of the same question. */
  arrived: boolean;
  /** It is at the link that skips to the content, which leads there. */
  skips: boolean;
  /** It is further down the page already. */
  passed: boolean;
}

/** Looks at the focus. Runs in the browser. */
function look(wanted: Element): Stop {
  const at = document.activeElement ?? document.body;
  const nowhere = at === document.body || at === document.documentElement || at.matches('main');
  const ring = (element: Element) => {
    const { outlineStyle, outlineWidth, visibility } = getComputedStyle(element);
    return visibility === 'visible' && outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0;
  };
  const { width, height } = at.getBoundingClientRect();
  const name = at.getAttribute('aria-label') ?? at.getAttribute('name') ?? at.textContent ?? '';
  const isRadio = (element: Element): element is HTMLInputElement => element instanceof HTMLInputElement && element.type === 'radio';
  const sameQuestion = isRadio(at) && isRadio(wanted) && at.name === wanted.name && at.form === wanted.form;
  return {
    what: `${at.tagName.toLowerCase()} “${name.trim().replaceAll(/\s+/g, ' ').slice(0, 40)}”`,
    nowhere,
    seen: ring(at) && width > 0 && height > 0,
    arrived: at === wanted || sameQuestion,
    skips: at.matches('a.skip') && wanted.closest('main') !== null,
    passed: !nowhere && (at.compareDocumentPosition(wanted) & Node.DOCUMENT_POSITION_PRECEDING) !== 0,
  };
}

/**
 * Somebody who has a keyboard and no mouse: goes from stop to stop with Tab and Shift+Tab, skips the navigation by the link
 * that is there for it, and must see at every stop where the focus is.
 */
export class Keyboard {
  private readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Goes to something on the page, by its role and name. */
  async go(wanted: Locator): Promise<void> {
    await expect(wanted).toBeVisible();
    const stops: string[] = [];
    while (stops.length < MOST_STOPS) {
      const stop = await wanted.evaluate(look);
      if (!stop.nowhere) expect(stop.seen, `the focus can be seen at ${stop.what} of ${this.page.url()}`).toBe(true);
      if (stop.arrived) return;
      stops.push(stop.what);
      await this.page.keyboard.press(stop.skips ? 'Enter' : stop.passed ? 'Shift+Tab' : 'Tab');
    }
    throw new Error(`Tab does not come to ${wanted} of ${this.page.url()}: ${stops.join(', ')}`);
  }

  /** Presses a button, follows a link or unfolds something. */
  async press(wanted: Locator): Promise<void> {
    await this.go(wanted);
    await this.page.keyboard.press('Enter');
  }

  /** Writes something in place of what is there. */
  async type(field: Locator, text: string): Promise<void> {
    await this.go(field);
    await this.page.keyboard.press('Control+a');
    await this.page.keyboard.type(text);
    await expect(field).toHaveValue(text);
  }

  /** Ticks a box. */
  async tick(box: Locator): Promise<void> {
    await this.go(box);
    await this.page.keyboard.press('Space');
    await expect(box).toBeChecked();
  }

  /** Chooses one of the answers that stand side by side. */
  async pick(answer: Locator): Promise<void> {
    await this.go(answer);
    for (let count = 0; count < MOST_CHOICES && !(await answer.isChecked()); count += 1) {
      await this.page.keyboard.press('ArrowDown');
    }
    await expect(answer).toBeChecked();
  }

  /** Chooses from a list that is closed. */
  async choose(list: Locator, label: RegExp): Promise<void> {
    await this.go(list);
    await this.page.keyboard.press('Home');
    const chosen = () => list.evaluate((element) => (element as HTMLSelectElement).selectedOptions[0]?.label ?? '');
    for (let count = 0; count < MOST_CHOICES && !label.test(await chosen()); count += 1) {
      await this.page.keyboard.press('ArrowDown');
    }
    expect(await chosen()).toMatch(label);
  }

  /** Chooses from a long list by the beginning of a name. */
  async find(list: Locator, name: string): Promise<void> {
    await this.go(list);
    await this.page.keyboard.type(name);
    await expect(list.locator('option:checked')).toHaveText(name);
  }
}
