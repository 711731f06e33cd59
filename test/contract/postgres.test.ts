/** The contract on the tables that migrate makes itself: in full. */
import { registerContractOnPostgres } from './postgres.ts';

registerContractOnPostgres();
