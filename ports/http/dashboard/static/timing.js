// When work is done: with the next frame, or at most once in a while.

// onFrame gathers many calls into one run before the next paint. A hidden page
// paints nothing, so there a timer takes the frame's place.
export function onFrame(run) {
  let planned = false;
  const now = () => {
    planned = false;
    run();
  };
  return () => {
    if (planned) return;
    planned = true;
    if (document.hidden) setTimeout(now, 250);
    else requestAnimationFrame(now);
  };
}

// atMostEvery runs soon after a call and then not again for `ms`; calls in
// between lead to one more run at the end. Runs never overlap, and one that
// fails is forgotten: what is asked for this often is asked for again.
export function atMostEvery(ms, run) {
  let busy = false;
  let again = false;
  const go = async () => {
    busy = true;
    again = false;
    try {
      await run();
    } catch {
      // see above
    }
    setTimeout(() => {
      busy = false;
      if (again) go();
    }, ms);
  };
  return () => {
    if (busy) again = true;
    else go();
  };
}

// afterPause runs once calls have stopped for `ms`, as while somebody types.
export function afterPause(ms, run) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, ms);
  };
}
