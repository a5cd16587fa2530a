/** HTTP: connections, requests and replies on Jetty; the page, the plain endpoint, the protocol. */
package org.scanformer.server.http;
