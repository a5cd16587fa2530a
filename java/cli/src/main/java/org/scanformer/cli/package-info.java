/**
 * The command line: a class for each command and its groups of options, and what they print and
 * draw.
 */
package org.scanformer.cli;
