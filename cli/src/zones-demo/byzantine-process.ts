/**
 * The Byzantine validator of the demonstration of zones: the service of any validator, with the liar in front of it and in its lines. What it did stands in
 * a file of its folder, for the demonstration to count.
 *
 * @module
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Validator } from '@dwallet/validator';
import { ValidatorService, loadConfig, runService } from '@dwallet/validator/service';
import { type Misdeeds, misdeedsPath, readMisdeeds } from './misdeeds.ts';
import { TwoFacedValidator } from './two-faced-validator.ts';

const file = process.argv[process.argv.indexOf('--config') + 1];
const config = loadConfig({ ...(file === undefined ? {} : { file }), environment: process.env });
const path = misdeedsPath(config.data);
const note = (misdeeds: Misdeeds): void => {
  writeFileSync(`${path}.new`, JSON.stringify(misdeeds), { mode: 0o600 });
  renameSync(`${path}.new`, path);
};
const liar = new TwoFacedValidator(readMisdeeds(config.data), note);
const service = new ValidatorService({
  config,
  environment: process.env,
  serve: (parts) => liar.serve(parts),
  seams: { validator: (options) => new Validator({ ...options, peers: liar.lines(options.peers) }) },
});
process.exit(await runService(service, process.argv.includes('--lifeline')));
