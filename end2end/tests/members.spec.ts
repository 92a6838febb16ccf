import { expect, test } from '../fixtures.ts';
import { buy } from '../steps/buying.ts';
import { press } from '../steps/interactions.ts';
import { invitationLink, invite, join, rowOf } from '../steps/invitations.ts';
import { COMPANY, logIn, logOut, nameCompany, somebody } from '../steps/people.ts';
import { haveAddressConfirmed, newCustomer } from '../steps/requests.ts';

test('a company invites somebody, who signs up by the link, is promoted, and ends up owning it', { tag: '@everywhere' }, async ({ page, product, axe, complaints }) => {
  complaints.expect(/status of 404/);
  const { person: owner, license } = await buy(page, { plan: 'Maker' });
  const colleague = somebody('colleague');
  await page.goto('/overview');
  await page.getByRole('link', { name: 'Members', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Members' })).toBeVisible();
  await expect(page.getByText('Nobody is invited at the moment.', { exact: false })).toBeVisible();
  await axe(page);

  // Nobody whose own address is unproven has mails sent to others.
  await invite(page, colleague, 'Viewer');
  await expect(page.getByRole('alert')).toContainText('Confirm your own e-mail address first');
  await haveAddressConfirmed(product, owner);
  await page.goto('/account/members');

  // What is refused keeps what was typed.
  await invite(page, owner, 'Viewer');
  await expect(page.getByRole('alert')).toContainText('belongs to it already');
  await expect(page.getByLabel('E-mail address of the person')).toHaveValue(owner.email);
  await axe(page);
  await invite(page, colleague, 'Viewer');
  await expect(page.getByText('The invitation is on its way.', { exact: false })).toBeVisible();
  await axe(page);
  const first = await invitationLink(product, colleague);
  // So that the newest mail is known by its date.
  await product.sandbox.clock({ advance_s: 5 });
  await press(page, `Send again ${colleague.email}`);
  await expect(page.getByText('Only the newest link works.', { exact: false })).toBeVisible();
  await expect.poll(() => invitationLink(product, colleague)).not.toBe(first);
  const link = await invitationLink(product, colleague);

  // With the owner's own login it is somebody else's invitation.
  await page.goto(link);
  await expect(page.getByText(`you are logged in as ${owner.email}`, { exact: false })).toBeVisible();
  await axe(page);
  await press(page, 'Log out and come back');
  await expect(page.getByRole('heading', { level: 1, name: `Join ${COMPANY.name}` })).toBeVisible();
  await axe(page);
  await page.goto(first);
  await expect(page.getByRole('heading', { level: 1, name: 'This invitation does not work any more' })).toBeVisible();
  await axe(page);

  await page.goto(link);
  await join(page, colleague, 'Cora Colleague');
  await product.inbox(owner.email, /^Cora Colleague has joined Weser Sensorik GmbH$/);
  await page.goto(license);
  await expect(page.getByRole('button', { name: /^Reveal/ })).toHaveCount(0);
  await page.goto('/account/members');
  await expect(rowOf(page, 'Cora Colleague')).toContainText('Viewer');
  await expect(page.locator('#invite')).toHaveCount(0);
  await axe(page);
  await logOut(page);

  await page.goto('/log-in?next=%2Faccount%2Fmembers');
  await logIn(page, owner);
  await page.getByRole('link', { name: 'Change Cora Colleague' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Cora Colleague' })).toBeVisible();
  await axe(page);
  await page.getByRole('radio', { name: /^Technical/ }).check();
  await press(page, 'Save the role');
  await expect(page.getByText('The role is changed.', { exact: false })).toBeVisible();
  await expect(rowOf(page, 'Cora Colleague')).toContainText('Technical');
  await product.inbox(colleague.email, /^Your role at Weser Sensorik GmbH has changed$/);

  // The only owner cannot leave before somebody else is one.
  await press(page, `Leave… ${COMPANY.name}`);
  await axe(page);
  await press(page.getByRole('dialog'), 'Leave the company');
  await expect(page.getByText('A company needs an owner.', { exact: false })).toBeVisible();
  await page.getByRole('link', { name: 'Change Cora Colleague' }).click();
  await press(page, 'Hand over…');
  await press(page.getByRole('dialog'), 'Hand the account over');
  await expect(page.getByText('The account has a new owner', { exact: false })).toBeVisible();
  await expect(rowOf(page, 'Cora Colleague')).toContainText('Owner');
  await expect(rowOf(page, owner.email)).toContainText('Billing');
  await press(page, `Leave… ${COMPANY.name}`);
  await press(page.getByRole('dialog'), 'Leave the company');
  await expect(page.getByText('You have left the company.', { exact: false })).toBeVisible();
  await page.goto(license);
  await expect(page.getByRole('heading', { level: 1, name: 'Your company' })).toBeVisible();
  await page.goto('/account');
  await logOut(page);

  await page.goto('/log-in?next=%2Faccount%2Fmembers');
  await logIn(page, colleague);
  await expect(rowOf(page, 'Cora Colleague')).toContainText('Owner');
  await expect(rowOf(page, owner.email)).toHaveCount(0);
});

test('somebody in two companies switches, and a form of the one never acts for the other', { tag: '@everywhere' }, async ({ page, product, axe, complaints }) => {
  complaints.expect(/status of 403/);
  const { person, license } = await buy(page, { plan: 'Maker' });
  await page.goto('/account');
  await page.getByRole('link', { name: 'Add another company' }).click();
  await nameCompany(page, { ...COMPANY, name: 'Elbe Pumpen GmbH' });
  await expect(page.getByRole('banner')).toContainText('Elbe Pumpen GmbH · Owner');
  await axe(page);

  // In another window the form of this company is open.
  await page.goto('/account?edit=company');
  const other = await page.context().newPage();
  await other.goto('/overview');
  await press(other, 'Switch…');
  await axe(other);
  await press(other.getByRole('dialog'), 'Weser Sensorik GmbH · Owner');
  await expect(other.getByText('You act for the other company now.')).toBeVisible();
  await expect(other.getByRole('banner')).toContainText('Weser Sensorik GmbH · Owner');
  await page.getByLabel('City').fill('Hamburg');
  await press(page, 'Save the company details');
  await expect(page.getByRole('heading', { level: 1, name: 'This form is for another company' })).toBeVisible();
  await axe(page);
  await other.goto('/account');
  await expect(other.getByText('Hamburg')).toHaveCount(0);

  // A link to what the other company has offers the way there.
  await press(other, 'Switch…');
  await press(other.getByRole('dialog'), 'Elbe Pumpen GmbH · Owner');
  await other.goto(license);
  await expect(other.getByRole('heading', { level: 1, name: 'This belongs to Weser Sensorik GmbH' })).toBeVisible();
  await axe(other);
  await press(other, 'Act for Weser Sensorik GmbH');
  await expect(other).toHaveURL(license);

  // Being invited to a third leaves the others as they are.
  await logOut(other);
  const host = await newCustomer(other, { ...COMPANY, name: 'Oder Ventile GmbH' }, somebody('host'));
  await haveAddressConfirmed(product, host);
  await other.goto('/account/members');
  await invite(other, person, 'Billing');
  await logOut(other);
  await other.goto(await invitationLink(product, person));
  await press(other.getByRole('main'), 'Log in', 'link');
  await logIn(other, person);
  await press(other, 'Accept the invitation');
  await expect(other.getByText('Welcome. You have joined.')).toBeVisible();
  await expect(other.getByRole('banner')).toContainText('Oder Ventile GmbH · Billing');
  await press(other, 'Switch…');
  await expect(other.getByRole('dialog').getByRole('button', { name: /· Owner$/ })).toHaveCount(2);
});
