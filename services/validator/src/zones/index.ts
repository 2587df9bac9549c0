export { ZoneApi, type ZoneApiOptions } from './api.ts';
export { type ConfiguredZones, configuredZones, requireNodes } from './configured.ts';
export { type DWalletFacts } from './record-source.ts';
export type { AppliedEvent, FactPlace, LoggedMessage, WorldState } from './log/world-state.ts';
export type { ZoneLog } from './log/zone-log.ts';
export { configurationProblem } from './messages.ts';
export { type ObservedEventKind, type ZonesObserver, eventKind, silentZonesObserver } from './observer.ts';
export {
  type SlotListener,
  type ZoneTiming,
  Zones,
  type ZonesHost,
  type ZonesOptions,
  defaultZoneTiming,
  describeFault,
} from './zones.ts';
