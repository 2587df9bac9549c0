export { type WatcherDependencies, createWatcher, createWatchers } from './create-watcher.ts';
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
  SafetyFault,
  Track,
  WatcherStatus,
  WatchTarget,
} from './watcher.ts';
export type { WatcherRecords } from './watcher-store.ts';
