// @ts-nocheck: generated.
/**
 * active, or why not.
 */
export const ZoneStatus = {
  ZONE_STATUS_UNSPECIFIED: 'ZONE_STATUS_UNSPECIFIED',
  ZONE_STATUS_ACTIVE: 'ZONE_STATUS_ACTIVE',
  ZONE_STATUS_FROZEN: 'ZONE_STATUS_FROZEN',
  ZONE_STATUS_QUARANTINED: 'ZONE_STATUS_QUARANTINED',
  ZONE_STATUS_HALTED: 'ZONE_STATUS_HALTED',
} as const;

/**
 * active, or why not.
 */
export type ZoneStatus =
  | 'ZONE_STATUS_UNSPECIFIED'
  | 0
  | 'ZONE_STATUS_ACTIVE'
  | 1
  | 'ZONE_STATUS_FROZEN'
  | 2
  | 'ZONE_STATUS_QUARANTINED'
  | 3
  | 'ZONE_STATUS_HALTED'
  | 4

/**
 * active, or why not.
 */
export type ZoneStatus__Output = typeof ZoneStatus[keyof typeof ZoneStatus]
