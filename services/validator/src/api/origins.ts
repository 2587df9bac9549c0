/**
 * Which pages may call: origins as browsers send them (RFC 6454), compared as they are. The one pattern is any port of this very machine, for development.
 *
 * @module
 */

const loopbackPattern = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::(?:\*|\d{1,5}))?$/;
const extensionPattern = /^(?:chrome-extension|moz-extension):\/\/[0-9a-z-]+$/;

/** Whether a text may stand in the list: `https://wallet.example`, an extension's origin, `http://127.0.0.1:8080`, or `http://127.0.0.1:*`. */
export function isOriginEntry(text: string): boolean {
  if (loopbackPattern.test(text) || extensionPattern.test(text)) return true;
  try {
    const url = new URL(text);
    return url.protocol === 'https:' && url.origin === text;
  } catch {
    return false;
  }
}

/** @param entries - as {@link isOriginEntry} takes them. */
export function originMatcher(entries: readonly string[]): (origin: string) => boolean {
  const exact = new Set(entries.filter((entry) => !entry.endsWith(':*')));
  const anyPort = new Set(entries.flatMap((entry) => (entry.endsWith(':*') ? [entry.slice(0, -2)] : [])));
  return (origin) => exact.has(origin) || anyPort.has(origin.replace(/:\d{1,5}$/, ''));
}
