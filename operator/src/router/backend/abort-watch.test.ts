import { describe, expect, it } from '@jest/globals';
import { AbortWatch, type AbortWatcher } from './abort-watch.ts';

/** Notes its name when it is told, and does something then. */
function watcher(called: string[], name: string, act: () => void = () => {}): AbortWatcher {
  return {
    aborted: () => {
      called.push(name);
      act();
    },
  };
}

describe('AbortWatch', () => {
  it('tells those who still watch, in their order and over one listener', () => {
    const abort = new AbortController();
    let listeners = 0;
    const add = abort.signal.addEventListener.bind(abort.signal);
    abort.signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    const called: string[] = [];
    const gone = watcher(called, 'gone');
    const last = watcher(called, 'last');
    AbortWatch.of(abort.signal).add(gone);
    AbortWatch.of(abort.signal).add(watcher(called, 'one'));
    AbortWatch.of(abort.signal).add(watcher(called, 'two'));
    AbortWatch.of(abort.signal).add(last);
    AbortWatch.of(abort.signal).remove(gone);
    AbortWatch.of(abort.signal).remove(last);
    AbortWatch.of(abort.signal).remove(last);
    abort.abort();
    expect(called).toEqual(['one', 'two']);
    expect(listeners).toBe(1);
  });

  it('lets one who is told take another away', () => {
    const abort = new AbortController();
    const called: string[] = [];
    const watch = AbortWatch.of(abort.signal);
    const two = watcher(called, 'two');
    watch.add(watcher(called, 'one', () => watch.remove(two)));
    watch.add(two);
    abort.abort();
    expect(called).toEqual(['one']);
  });

  it('lets one who is told take itself away', () => {
    const abort = new AbortController();
    const called: string[] = [];
    const watch = AbortWatch.of(abort.signal);
    const one: AbortWatcher = watcher(called, 'one', () => watch.remove(one));
    watch.add(one);
    watch.add(watcher(called, 'two'));
    abort.abort();
    expect(called).toEqual(['one', 'two']);
  });
});
