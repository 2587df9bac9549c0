export { type WatcherDependencies, createWatcher, createWatchers } from './create-watcher.ts';
export { type FinalityRelation, compareFinality } from './finality.ts';
export { deliveryOf, messageOf, nameHash } from './names.ts';
export { type WatcherObserver, silentWatcherObserver } from './observer.ts';
export { WatcherReports } from './reports.ts';
export type {
  BlockHead,
  ChainWatcher,
  ClusterObservation,
  EventLookup,
  InconsistencyCheck,
  ObservedDelivery,
  ObservedMessage,
  Positioned,
  RunningConfiguration,
  SafetyFault,
  Track,
  WatcherStatus,
  WatchTarget,
} from './watcher.ts';
export type { WatcherRecords } from './watcher-store.ts';
