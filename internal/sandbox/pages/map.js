// Draws the feed of the map site as Google Maps does: twenty cards at a time,
// the next when the last are near, the end said in words.
const feed = document.querySelector('div[role="feed"]');
const {query, language, country, view, end, sponsored, noReviews} = document.body.dataset;
let next = 0;
let loading = false;
let ended = false;

function element(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

function span(text, attributes = {}) {
  return element('span', attributes, text);
}

function drawRating(card) {
  if (!card.score) return span(noReviews, {class: 'e4rVHe', role: 'img', 'aria-label': noReviews});
  const rating = element('span', {role: 'img', 'aria-label': card.rating}, span(card.score, {class: 'MW4etd'}));
  if (card.count) rating.append(span(card.count, {class: 'UY7F9'}));
  return rating;
}

function drawRows(card) {
  const first = element('div', {class: 'W4Efsd'}, span(card.category));
  if (card.address) first.append(span(' · '), span('\ue934'), span(' · ' + card.address));
  const second = element('div', {class: 'W4Efsd'}, span(card.hours));
  if (card.phone) second.append(span(' · '), span(card.phone, {class: 'UsdlK'}));
  return element('div', {class: 'W4Efsd'}, first, second);
}

function sponsoredMark() {
  return element('h1', {class: 'kpih0e', 'aria-label': sponsored}, sponsored);
}

function drawCard(card) {
  const box = element('div', {class: 'Nv2PK', jsaction: 'mouseover:pane'},
    element('a', {class: 'hfpxzc', 'aria-label': card.name, href: card.href}),
    element('div', {class: 'qBF1Pd fontHeadlineSmall'}, card.name),
    element('div', {class: 'W4Efsd'}, drawRating(card), span(card.price ? ' · ' + card.price : '')),
    drawRows(card),
    element('img', {src: '/pixel.gif?' + encodeURIComponent(card.name), alt: ''}));
  if (card.website) box.append(element('a', {class: 'lcr4fd', 'data-value': 'Website', 'aria-label': 'Visit ' + card.name + "'s website", href: card.website}, '\ue80b', 'Website'));
  if (card.sponsored === 'inside') box.prepend(sponsoredMark());
  if (card.sponsored === 'before') feed.append(sponsoredMark());
  feed.append(box, element('div', {class: 'TFQHme'}));
}

function draw(shown) {
  shown.cards.forEach(drawCard);
  next = shown.next;
  ended = shown.end;
  // The address bar follows the camera, as on the real page.
  history.replaceState(null, '', `/maps/search/${encodeURIComponent(query)}/@${shown.camera.lat.toFixed(7)},${shown.camera.lng.toFixed(7)},13z${location.search}`);
  if (ended && !shown.silent) {
    feed.append(element('div', {class: 'm6QErb'}, element('p', {class: 'fontBodyMedium'}, span(end, {class: 'HlvSq'}))));
  }
}

async function load() {
  if (loading || ended) return;
  loading = true;
  try {
    const pb = `!1s${encodeURIComponent(query)}${view}!7i20!8i${next}!74i5000`;
    const reply = await fetch(`/search?tbm=map&authuser=0&hl=${language}&gl=${country}&q=${encodeURIComponent(query)}&pb=${pb}`);
    if (reply.ok) draw(JSON.parse((await reply.text()).slice(")]}'".length))[1]);
  } catch (fault) {
    console.warn(fault); // the next scroll tries again
  } finally {
    loading = false;
  }
}

feed.addEventListener('scroll', () => {
  if (feed.scrollTop + feed.clientHeight > feed.scrollHeight - 200) load();
});
if (window.firstCards) draw(window.firstCards); else load();
