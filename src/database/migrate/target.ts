import type { FoundColumn } from '../../model/contract.ts';
import { DatabaseError } from '../../model/errors.ts';
import type { Dialect } from '../driver.ts';
import type { SqlFile } from './sql-files.ts';

/** What a database knows of itself: a row of `cardgenius.migration`. */
export interface AppliedFile {
  readonly checksum: string;
  readonly breaking: boolean;
}

/** A procedure, function or view that the database has in the schema cardgenius. */
export interface LiveObject {
  /** As the file is called: claim_chunk. */
  readonly name: string;
  /** Its text, or null where the database keeps none, or this login may not see it. */
  readonly definition: string | null;
  /** Why there is no text, where that is no matter of rights. */
  readonly textless?: boolean;
}

/** What the migrator asks of a database. */
export interface MigrationTarget {
  readonly dialect: Dialect;
  /** By name; empty where nothing was ever applied. */
  appliedFiles(): Promise<Map<string, AppliedFile>>;
  /** Applies a file and records it: in one transaction where the dialect's DDL allows it. */
  applyFile(file: SqlFile): Promise<void>;
  /** Held while migrating, so that two migrators never collide. */
  lockMigrations(): Promise<AsyncDisposable>;
  /** The procedures, functions and views of the schema cardgenius, as the database has them now. */
  liveObjects(): Promise<LiveObject[]>;
  /** The columns of both contract tables that this login may see; none where there is no table. */
  contractColumns(): Promise<FoundColumn[]>;
  /** For which columns the procedures were installed; undefined where that was never written down. */
  installedShape(): Promise<InstalledShape | undefined>;
  recordShape(shape: InstalledShape): Promise<void>;
}

/** What a plan must know. */
export type AppliedFiles = Pick<MigrationTarget, 'dialect' | 'appliedFiles' | 'contractColumns' | 'installedShape'>;

/** As `cardgenius.contract_shape` has it. */
export interface InstalledShape {
  /** `table.column`, in the order of the contract. */
  readonly optionalColumns: readonly string[];
  /** Characters at which the reason of a failure is cut. */
  readonly errorLength: number;
}

/** The error of a migrator that another migrator keeps out. */
export const migrationLocked = (): DatabaseError =>
  new DatabaseError('MIGRATION_LOCKED', 'Another migrator is at work. Wait for it, and try again.', 'transient');
