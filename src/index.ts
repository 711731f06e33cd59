/** The package's public interface: what a cron.config.ts imports. */
export { type Config, defineConfig } from './config/schema.ts';
