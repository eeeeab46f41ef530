import { verb } from '../verb.js';

export default verb('tool', 'Tools', 'list the tools of MCP servers, and approve changed ones');
