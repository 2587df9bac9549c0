/**
 * A validator of the demonstration that returns garbage decryption shares: the service of any validator, with the liar in front of it. Keys, store
 * and lines are its own and real.
 *
 * @module
 */
import { secp256k1Curve } from '@dwallet/sigma';
import { ValidatorService, loadConfig, runService } from '@dwallet/validator/service';
import { byzantineValidator } from './byzantine-validator.ts';
import { systemRandom } from './system.ts';

const file = process.argv[process.argv.indexOf('--config') + 1];
const service = new ValidatorService({
  config: loadConfig({ ...(file === undefined ? {} : { file }), environment: process.env }),
  environment: process.env,
  serve: ({ validator, ...parts }) =>
    byzantineValidator(validator, { ...parts, curve: secp256k1Curve, random: systemRandom }),
});
process.exit(await runService(service, process.argv.includes('--lifeline')));
