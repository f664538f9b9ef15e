// Draws the feed of the map site as Google Maps does: twenty cards at a time,
// the next when the last are near, the end said in words.
const feed = document.querySelector('div[role="feed"]');
const {query, language, country} = document.body.dataset;
let offset = 0;
let loading = false;
let ended = false;

function element(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

function drawCard(card) {
  const rating = card.score
    ? element('span', {role: 'img', 'aria-label': card.rating}, element('span', {class: 'MW4etd'}, card.score), element('span', {class: 'UY7F9'}, card.count))
    : element('span', {class: 'e4rVHe', role: 'img', 'aria-label': 'No reviews'}, 'No reviews');
  const first = element('div', {class: 'W4Efsd'}, element('span', {}, card.category), element('span', {}, ' · '), element('span', {}, '\ue934'),
    element('span', {}, ' · ' + card.address));
  const second = element('div', {class: 'W4Efsd'}, element('span', {}, card.hours));
  if (card.phone) second.append(element('span', {}, ' · '), element('span', {class: 'UsdlK'}, card.phone));
  const box = element('div', {class: 'Nv2PK', jsaction: 'mouseover:pane'},
    element('a', {class: 'hfpxzc', 'aria-label': card.name, href: card.href}),
    element('div', {class: 'qBF1Pd fontHeadlineSmall'}, card.name), rating, element('div', {class: 'W4Efsd'}, first, second),
    element('img', {src: '/pixel.gif', alt: ''}));
  if (card.website) box.append(element('a', {class: 'lcr4fd', 'data-value': 'Website', 'aria-label': 'Visit ' + card.name + "'s website", href: card.website}, 'Website'));
  return box;
}

function drawSponsored() {
  const box = element('div', {class: 'Nv2PK'}, element('h1', {'aria-label': 'Sponsored'}, 'Sponsored'),
    element('a', {class: 'hfpxzc', 'aria-label': 'Paid Placement Inc', href: '/maps/place/Paid+Placement/data=!4m7!3m6!1s0x1:0xad!8m2!3d40.1!4d-74.1'}),
    element('div', {class: 'qBF1Pd fontHeadlineSmall'}, 'Paid Placement Inc'),
    element('a', {class: 'lcr4fd', 'aria-label': 'Visit', href: '/aclk?sa=L&adurl=http://paid.example'}, 'Website'));
  return box;
}

async function load() {
  if (loading || ended) return;
  loading = true;
  const pb = `!1s${encodeURIComponent(query)}!7i20!8i${offset}!74i5000`;
  const reply = await fetch(`/search?tbm=map&authuser=0&hl=${language}&gl=${country}&q=${encodeURIComponent(query)}&pb=${pb}`);
  const [, shown] = JSON.parse((await reply.text()).slice(")]}'".length));
  if (offset === 0) feed.append(drawSponsored());
  for (const card of shown.cards) {
    feed.append(drawCard(card), element('div', {class: 'TFQHme'}));
  }
  offset += shown.cards.length;
  ended = shown.end;
  if (ended) {
    feed.append(element('div', {class: 'm6QErb'}, element('p', {class: 'fontBodyMedium'}, element('span', {class: 'HlvSq'}, "You've reached the end of the list."))));
  }
  loading = false;
}

feed.addEventListener('scroll', () => {
  if (feed.scrollTop + feed.clientHeight > feed.scrollHeight - 200) load();
});
load();
