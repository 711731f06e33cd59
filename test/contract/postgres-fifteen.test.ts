/** The contract on tables that CashKaro made: the summary's columns and no other. */
import { FIFTEEN } from '../support/contract-tables.ts';
import { registerContractOnPostgres } from './postgres.ts';

registerContractOnPostgres(FIFTEEN);
