export { type DetectedClass, loadDetectors, quickFinders, spansOf } from './finders.js';
