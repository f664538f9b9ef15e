package googlemaps

// Every selector of the site, so that a change of its markup is one change
// here. Roles, labels and data attributes are preferred to class names.
const (
	feedSelector       = `div[role="feed"]`
	placeTitleSelector = `h1.DUwDvf`
	consentForm        = `form[action*="/save"]`
	captchaForm        = `#captcha-form`
	noResultSelector   = `div.Q2vNVc` // holds the sentence that nothing was found
	blockedPath        = "/sorry/"    // of every address that a robot is sent to
)

// cardsScript reads the feed's cards: see card for its answer.
const cardsScript = `sponsoredLabels => {
  const marked = mark => sponsoredLabels.includes(mark?.getAttribute('aria-label')) || sponsoredLabels.includes(mark?.textContent.trim());
  const text = (root, selector) => (root.querySelector(selector)?.textContent || '').trim();
  return [...document.querySelectorAll('div[role="feed"] a[href*="/maps/place/"], div[role="feed"] a.hfpxzc')].map(anchor => {
    const card = anchor.closest('div.Nv2PK, [role="article"]') || anchor.parentElement;
    const rows = [...card.querySelectorAll('.W4Efsd .W4Efsd')].map(row => row.textContent.trim());
    const site = card.querySelector('a[data-value="Website"], a.lcr4fd');
    const before = card.previousElementSibling;
    return {
      name: anchor.getAttribute('aria-label') || text(card, '.qBF1Pd'),
      href: anchor.href,
      rating: card.querySelector('span[role="img"]')?.getAttribute('aria-label') || '',
      rows,
      phone: text(card, 'span.UsdlK'),
      website: site ? site.getAttribute('href') : '',
      sponsored: [...card.querySelectorAll('h1')].some(marked) || !!before?.matches('h1') && marked(before)
        || /^(https?:\/\/[^/]+)?\/aclk\?/.test(anchor.getAttribute('href')),
    };
  });
}`

// scrollScript scrolls the feed to its end and answers how far it is.
const scrollScript = `() => {
  const feed = document.querySelector('div[role="feed"]');
  if (!feed) return {cards: 0, end: false, gone: true};
  feed.scrollTop = feed.scrollHeight;
  return {cards: feed.querySelectorAll('a[href*="/maps/place/"]').length, end: !!feed.querySelector('span.HlvSq'), gone: false};
}`

// nudgeScript does to a feed that is stuck what a person would: show its last card.
const nudgeScript = `() => {
  const cards = document.querySelectorAll('div[role="feed"] a[href*="/maps/place/"]');
  const feed = document.querySelector('div[role="feed"]');
  if (!cards.length || !feed) return;
  feed.scrollTop = Math.max(0, feed.scrollHeight - 2 * feed.clientHeight);
  cards[cards.length - 1].scrollIntoView();
  feed.dispatchEvent(new Event('scroll'));
}`

// stateScript reads what kind of page this is: see pageState.
const stateScript = `(consentForm, captchaForm, titleSelector, feedSelector, nothingSelector, what) => {
  const text = document.body ? document.body.innerText : '';
  return {
    path: location.pathname,
    href: location.href,
    // The sentence says what was searched for, in every language.
    nothing: !!what && (document.querySelector(nothingSelector)?.textContent || '').toLowerCase().includes(what.toLowerCase()),
    consent: location.hostname.startsWith('consent.') || !!document.querySelector(consentForm),
    captcha: !!document.querySelector(captchaForm),
    feed: !!document.querySelector(feedSelector),
    place: !!document.querySelector(titleSelector),
    text: text.slice(0, 4000),
  };
}`

// consentScript clicks the first button that has one of the labels.
const consentScript = `labels => {
  for (const label of labels) {
    for (const button of document.querySelectorAll('button, input[type="submit"]')) {
      if (button.getAttribute('aria-label') === label || button.textContent.trim() === label || button.value === label) {
        button.click();
        return label;
      }
    }
  }
  return '';
}`

// initialStateScript finds the place's own data in the page's initial state.
const initialStateScript = `() => {
  const state = window.APP_INITIALIZATION_STATE?.[3];
  if (!state) return '';
  for (const value of Object.values(state)) {
    for (const index of [6, 5]) {
      const text = value?.[index];
      if (typeof text === 'string' && text.startsWith(")]}'")) return text;
    }
  }
  return '';
}`

// initialRepliesScript finds the results that the page came with: a reply like
// those that it fetches, at [3][2].
const initialRepliesScript = `() => {
  const texts = [];
  const look = (value, depth) => {
    if (typeof value === 'string' && value.startsWith(")]}'")) texts.push(value);
    else if (value && typeof value === 'object' && depth < 3) Object.values(value).forEach(inner => look(inner, depth + 1));
  };
  look(window.APP_INITIALIZATION_STATE?.[3], 0);
  return texts;
}`

// panelScript reads a place's panel, for what the initial state lacks.
const panelScript = `() => {
  const attr = (selector, name) => document.querySelector(selector)?.getAttribute(name) || '';
  const text = selector => (document.querySelector(selector)?.textContent || '').trim();
  return {
    name: text('h1.DUwDvf'),
    href: location.href,
    rating: text('.F7nice span[aria-hidden="true"]'),
    // Of the labels beside the rating, the last with a number is that of the reviews, in every language.
    reviews: [...document.querySelectorAll('.F7nice [aria-label]')].filter(e => e.getAttribute('role') !== 'img')
      .map(e => e.getAttribute('aria-label')).filter(label => /\d/.test(label)).pop() || '',
    address: attr('button[data-item-id="address"]', 'aria-label').replace(/^[^:]*:\s*/, ''),
    website: attr('a[data-item-id="authority"]', 'href'),
    phone: attr('[data-item-id^="phone:tel:"]', 'data-item-id').replace('phone:tel:', ''),
    category: text('button.DkEaL') || text('button[jsaction$=".category"]'),
    status: text('.fCEvvc'),
    hours: [...document.querySelectorAll('.t39EBf tr')].map(row => [...row.children].map(cell => (cell.getAttribute('aria-label') || cell.textContent).trim()).filter(Boolean)),
  };
}`
