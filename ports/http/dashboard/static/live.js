// The live connection: one WebSocket that comes back by itself and goes on
// after the last event it has seen.

const FIRST_WAIT = 500; // ms
const LONGEST_WAIT = 15000; // ms

// connect follows the event stream.
//   onEvent(type, data)  an event, in order
//   onReload()           events may be missing: lists must be read anew; also
//                        told once when the first attempt fails, as REST may work
//   onState(state, seconds)  "connecting", "live", or "waiting" for the next attempt
export function connect({ onEvent, onReload, onState }) {
  let lastId = "";
  let attempts = 0; // failed in a row
  let wasOpen = false;
  let socket = null;
  let timer = 0;
  let tick = 0;

  function open() {
    clearTimers();
    onState("connecting");
    socket = new WebSocket(address(lastId));
    socket.addEventListener("open", opened);
    socket.addEventListener("message", received);
    socket.addEventListener("close", closed);
  }

  function opened() {
    attempts = 0;
    wasOpen = true;
    onState("live");
    if (!lastId) onReload(); // there was nothing to go on from
  }

  function received(message) {
    const event = parse(message.data);
    if (!event) return;
    if (event.type === "stream:gap") {
      lastId = "";
      onReload();
      return;
    }
    if (event.id) lastId = event.id;
    onEvent(event.type, event.data ?? {});
  }

  function closed() {
    socket = null;
    if (!wasOpen && attempts === 0) onReload();
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts++) * (0.75 + Math.random() / 2);
    const due = Date.now() + wait;
    const tell = () => onState("waiting", Math.max(1, Math.ceil((due - Date.now()) / 1000)));
    tell();
    tick = setInterval(tell, 1000);
    timer = setTimeout(open, wait);
  }

  function clearTimers() {
    clearTimeout(timer);
    clearInterval(tick);
  }

  window.addEventListener("online", () => {
    if (!socket) open();
  });
  open();
}

function address(since) {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (since) url.searchParams.set("since", since);
  return url;
}

function parse(text) {
  try {
    const event = JSON.parse(text);
    return event && typeof event.type === "string" ? event : null;
  } catch {
    return null;
  }
}
