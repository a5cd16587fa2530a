/**
 * Serves models: their registry, what a request may cost, how one is answered, and how the server
 * starts and stops. Knows of no protocol; those are in the packages below.
 */
package org.scanformer.server;
