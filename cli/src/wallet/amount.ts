/**
 * Amounts as people write them.
 *
 * @module
 */
import { UsageError } from './errors.ts';

const units: Readonly<Record<string, { readonly family: 'evm' | 'bitcoin'; readonly decimals: number }>> = {
  wei: { family: 'evm', decimals: 0 },
  gwei: { family: 'evm', decimals: 9 },
  eth: { family: 'evm', decimals: 18 },
  sat: { family: 'bitcoin', decimals: 0 },
  btc: { family: 'bitcoin', decimals: 8 },
};

/**
 * An amount with its unit, exactly: `0.1eth`, `1500 gwei`, `20000sat`. A number alone is refused: nobody shall mean ether and pay wei.
 * @throws UsageError
 */
export function parseAmount(text: string, family: 'evm' | 'bitcoin', option: string): bigint {
  const [, whole, fraction = '', unit] =
    /^(\d{1,30})(?:\.(\d{1,18}))?\s*([a-z]+)$/.exec(text.trim().toLowerCase()) ?? [];
  const known = Object.keys(units).filter((name) => units[name]?.family === family);
  const found = unit === undefined ? undefined : units[unit];
  if (whole === undefined || found === undefined || found.family !== family)
    throw new UsageError(
      `${option}: must be a number with its unit (${known.join(', ')}), such as ${family === 'evm' ? '0.1eth' : '20000sat'}`,
    );
  if (fraction.length > found.decimals) throw new UsageError(`${option}: ${unit} has ${found.decimals} decimals`);
  return BigInt(whole + fraction.padEnd(found.decimals, '0'));
}
