/** Amounts as people read them. */

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `12.5 MB`; `unknown` for what is not known. Units are powers of a thousand. */
export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) {
    return 'unknown';
  }
  let amount = bytes;
  let index = 0;
  while (amount >= 1000 && index < BYTE_UNITS.length - 1) {
    amount /= 1000;
    index += 1;
  }
  return `${index === 0 ? amount : amount.toFixed(1)} ${BYTE_UNITS[index]}`;
}

/** `1,234,567`; `unknown` for what is not known. */
export function countText(count: number | undefined): string {
  return count === undefined ? 'unknown' : Math.round(count).toLocaleString('en-US');
}

/** `4m10s`, `2h05m`, `3d04h`; `unknown` for what is not known. */
export function secondsText(seconds: number | undefined): string {
  if (seconds === undefined) {
    return 'unknown';
  }
  const whole = Math.ceil(seconds);
  const [minutes, hours, days] = [
    Math.floor(whole / 60),
    Math.floor(whole / 3600),
    Math.floor(whole / 86_400),
  ];
  if (minutes === 0) {
    return `${whole}s`;
  }
  if (hours === 0) {
    return `${minutes}m${two(whole % 60)}s`;
  }
  return days === 0 ? `${hours}h${two(minutes % 60)}m` : `${days}d${two(hours % 24)}h`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `33.3 %` */
export function shareText(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
