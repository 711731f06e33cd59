/** The contract on the tables that migrate makes itself: in full. */
import { registerContractOnMssql } from './mssql.ts';

registerContractOnMssql();
