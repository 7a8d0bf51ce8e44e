<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" exclude-result-prefixes="atom dc">
<xsl:output method="html" encoding="UTF-8" doctype-system="about:legacy-compat"/>

<xsl:template match="/">
<html lang="{{ page.language }}" dir="ltr">
<head>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title><xsl:value-of select="atom:feed/atom:title | rss/channel/title"/></title>
<style>
{% include "site.css" %}
h1 { font-size: 28px; line-height: 1.28; margin-top: 14px; }
h2 { margin: 0; color: var(--ink); font: 700 21px/1.34 var(--serif); }
h2 a { color: inherit; text-decoration: none; }
h2 a:hover { text-decoration: underline; text-decoration-color: var(--edge); }
article { padding: 22px 0 14px; border-top: 1px solid var(--hair); }
code { display: block; margin: 12px 0 26px; padding: 9px 12px; border: 1px solid var(--field); border-radius: 6px; color: var(--ink); font: 13px/1.5 ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; user-select: all; }
/* A bar for the operator, by which Chromium announces the end of XSLT: feed.css is there for that time. */
xslt-warning-banner { display: none !important; }
</style>
</head>
<body>
<header>
{% if page.home_url %}
<a href="{{ page.home_url|e }}">{{ page.title|e }}</a>
{% else %}
<bdi>{{ page.title|e }}</bdi>
{% endif %}
</header>
<main>
<xsl:apply-templates select="atom:feed | rss/channel"/>
</main>
<footer>
<xsl:for-each select="(atom:feed/atom:link | rss/channel/atom:link)[@rel='prev-archive']">
<a href="{@href}">{{ _("Older papers")|e }}</a>
</xsl:for-each>
</footer>
</body>
</html>
</xsl:template>

<xsl:template match="atom:feed | channel">
<h1 dir="auto"><xsl:value-of select="atom:title | title"/></h1>
<p>{{ _("This is a feed. Copy its address into a feed reader to get new papers.")|e }}</p>
<code><xsl:value-of select="atom:link[@rel='self']/@href"/></code>
<xsl:apply-templates select="atom:entry | item"/>
</xsl:template>

<xsl:template match="atom:entry | item">
<article>
<h2 dir="auto"><a href="{atom:link[not(@rel) or @rel='alternate']/@href | link}"><xsl:value-of select="atom:title | title"/></a></h2>
<p>
<xsl:for-each select="atom:author/atom:name | dc:creator">
<bdi><xsl:value-of select="."/></bdi><xsl:if test="position() != last()">, </xsl:if>
</xsl:for-each>
<xsl:if test="atom:author | dc:creator"> · </xsl:if>
<xsl:value-of select="substring(atom:published, 1, 10)"/>
<xsl:value-of select="substring(pubDate, 6, 11)"/>
</p>
<div class="abstract"><p dir="auto">
<!-- The content is a paragraph of text as HTML. A part is enough here, and browsers limit the depth of templates. -->
<xsl:variable name="text" select="substring-before(substring-after(atom:content | description, '&lt;p&gt;'), '&lt;/p&gt;')"/>
<xsl:call-template name="text"><xsl:with-param name="html" select="substring($text, 1, 2000)"/></xsl:call-template>
<xsl:if test="string-length($text) &gt; 2000">…</xsl:if>
</p></div>
</article>
</xsl:template>

<xsl:template name="text">
<xsl:param name="html"/>
<xsl:choose>
<xsl:when test="contains($html, '&amp;')">
<xsl:variable name="rest" select="substring-after($html, '&amp;')"/>
<xsl:variable name="name" select="substring-before($rest, ';')"/>
<xsl:value-of select="substring-before($html, '&amp;')"/>
<xsl:choose>
<xsl:when test="$name = 'lt'">&lt;</xsl:when>
<xsl:when test="$name = 'gt'">&gt;</xsl:when>
<xsl:when test="$name = 'quot'">"</xsl:when>
<xsl:when test="$name = '#x27'">'</xsl:when>
<xsl:when test="$name = 'amp'">&amp;</xsl:when>
</xsl:choose>
<xsl:call-template name="text"><xsl:with-param name="html" select="substring-after($rest, ';')"/></xsl:call-template>
</xsl:when>
<xsl:otherwise><xsl:value-of select="$html"/></xsl:otherwise>
</xsl:choose>
</xsl:template>
</xsl:stylesheet>
