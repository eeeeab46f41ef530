import type { Rule } from '../rule.js';

/**
 * The detector of instructions, which finds too little to be counted on. Measured on 2026-12-01: of 133 injections that PyPI packages
 * have (bastioncorpus 0.6.0, rag-redteam 0.8.0, dual-llm-bench 0.1.1, raucle-bench 0.1.0) it finds 12, and it has 7 false alarms in
 * 4,927 honest texts (READMEs and summaries of npm packages, issues, e-mails, files).
 */
export const weakDetector: Rule = {
  code: 'tools/weak-detector',
  check(bundle, find) {
    if (bundle.tools.detect?.instructions === undefined) return;
    find
      .in('tools.yaml')
      .warning(
        'detect: `instructions` found 12 of 133 public injections (9 %), with 7 false alarms in 4,927 honest texts (0.1 %)',
        'label results from outside as external; remove the detector, or let no policy count on it',
        ['detect', 'instructions'],
      );
  },
};
