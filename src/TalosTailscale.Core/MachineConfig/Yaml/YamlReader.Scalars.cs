using System.Buffers;

namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>Scalars of all five styles.</summary>
internal sealed partial class YamlReader
{
    private static readonly SearchValues<char> s_blockStops = SearchValues.Create(":#\r\n");
    private static readonly SearchValues<char> s_doubleStops = SearchValues.Create("\"\\\r\n");
    private static readonly SearchValues<char> s_flowStops = SearchValues.Create(":#\r\n,[]{}");

    // One line of a plain scalar. Where it stops at ": " or " #" the caller decides what that means.
    private YamlNode ReadPlainLine(bool flow)
    {
        int start = _p;
        char c = _s[_p];
        bool isIndicator =
            c
            is ','
                or '['
                or ']'
                or '{'
                or '}'
                or '#'
                or '&'
                or '*'
                or '!'
                or '|'
                or '>'
                or '\''
                or '"'
                or '%'
                or '@'
                or '`';
        bool needsMore = c is '-' or '?' or ':';
        if (isIndicator || (needsMore && !IsPlainSafe(_p + 1, flow)))
            throw Error(_p, Found(), "a value");
        ScanPlain(flow);
        return new YamlNode(YamlKind.Scalar, YamlStyle.Plain, _s, start) { End = _p };
    }

    private void ScanPlain(bool flow)
    {
        SearchValues<char> stops = flow ? s_flowStops : s_blockStops;
        int start = _p;
        int at = _p;
        while (true)
        {
            int step = _s.AsSpan(at).IndexOfAny(stops);
            at = step < 0 ? _s.Length : at + step;
            if (at >= _s.Length)
                break;
            char c = _s[at];
            if (c == ':' && IsPlainSafe(at + 1, flow))
                at++;
            else if (c == '#' && at > start && _s[at - 1] is not (' ' or '\t'))
                at++;
            else
                break;
        }

        while (at > start && _s[at - 1] is ' ' or '\t')
            at--;
        _p = at;
    }

    private bool IsPlainSafe(int at, bool flow) =>
        !IsBlankAt(at) && !(flow && _s[at] is ',' or '[' or ']' or '{' or '}');

    // Further lines of a plain scalar: deeper than the parent, no comment, no marker.
    private void ContinuePlain(YamlNode node, int parent)
    {
        while (true)
        {
            int end = _p;
            int line = _lineStart;
            int at = SkipBlanks(_p);
            if (at >= _s.Length || _s[at] is not ('\n' or '\r'))
                return;
            while (at < _s.Length && _s[at] is '\n' or '\r')
            {
                _lineStart = AfterBreak(at);
                at = SkipBlanks(_lineStart);
            }

            _p = at;
            bool ends = AtEnd || AtAnyMarker() || _s[_p] == '#' || Indentation() <= parent;
            if (ends)
            {
                _p = end;
                _lineStart = line;
                return;
            }

            int start = _p;
            ScanPlain(flow: false);
            if (_p == start || AtColon())
                throw Error(_p, Found(), "the rest of a value of several lines");
            node.End = _p;
        }
    }

    private bool AtColon()
    {
        int at = SkipBlanks(_p);
        return at < _s.Length && _s[at] == ':' && IsBlankAt(at + 1);
    }

    private int Indentation()
    {
        int at = _lineStart;
        while (at < _s.Length && _s[at] == ' ')
            at++;
        return at - _lineStart;
    }

    private YamlNode ReadQuoted()
    {
        int start = _p;
        char quote = _s[_p++];
        while (true)
        {
            int step =
                quote == '"' ? _s.AsSpan(_p).IndexOfAny(s_doubleStops) : _s.AsSpan(_p).IndexOfAny('\'', '\n', '\r');
            if (step < 0)
                throw Error(start, $"an opening {quote}", "a closing one");
            _p += step;
            char c = _s[_p];
            if (c == '\\')
            {
                _p++;
                if (AtEnd)
                    throw Error(start, "an opening \"", "a closing one");
                if (_s[_p] is not ('\n' or '\r'))
                    _p++;
            }
            else if (c is '\n' or '\r')
            {
                _p = _lineStart = AfterBreak(_p);
                if (!AtEnd && AtAnyMarker())
                    throw Error(_p, "a document marker", $"a closing {quote}");
            }
            else if (quote == '\'' && _p + 1 < _s.Length && _s[_p + 1] == '\'')
            {
                _p += 2;
            }
            else
            {
                break;
            }
        }

        _p++;
        var style = quote == '"' ? YamlStyle.DoubleQuoted : YamlStyle.SingleQuoted;
        var node = new YamlNode(YamlKind.Scalar, style, _s, start) { End = _p };
        if (style != YamlStyle.DoubleQuoted)
            return node;
        if (!YamlScalar.TryDecodeDouble(_s.AsSpan(start + 1, _p - start - 2), out string? value, out int bad))
            throw Error(start + 1 + bad, "an unknown escape", "one of \\n, \\t, \\\", \\\\, \\x41, \\u0041 …");
        node.SetDecoded(value!);
        return node;
    }

    private YamlNode ReadBlockScalar(int parent)
    {
        int start = _p;
        YamlStyle style = _s[_p++] == '|' ? YamlStyle.Literal : YamlStyle.Folded;
        int indent = 0;
        bool chomp = false;
        while (!AtEnd && (_s[_p] is '+' or '-' || char.IsAsciiDigit(_s[_p])))
        {
            bool isDigit = char.IsAsciiDigit(_s[_p]);
            if ((isDigit && (indent != 0 || _s[_p] == '0')) || (!isDigit && chomp))
                throw Error(_p, Found(), "one indicator");
            if (isDigit)
                indent = _s[_p] - '0';
            else
                chomp = true;
            _p++;
        }

        ExpectLineEnd();
        int headerEnd = _p;
        bool keep = _s.AsSpan(start, headerEnd - start).Contains('+');
        int at = AfterBreak(LineEnd(_p));
        int column = indent > 0 ? Math.Max(parent, 0) + indent : DetectIndentation(at, parent);
        var node = new YamlNode(YamlKind.Scalar, style, _s, start) { Column = column, End = headerEnd };
        ScanBlockLines(node, at, column, keep);
        return node;
    }

    private int DetectIndentation(int at, int parent)
    {
        int deepest = 0;
        while (at < _s.Length)
        {
            int line = at;
            while (at < _s.Length && _s[at] == ' ')
                at++;
            if (at < _s.Length && _s[at] is not ('\n' or '\r'))
            {
                if (at - line <= parent)
                    break;
                if (_s[at] == '\t' && at == line)
                    throw Error(at, "a tab", "blanks as indentation");
                if (deepest > at - line)
                    throw Error(line, "a blank line deeper than the text after it", "the indentation of the text");
                return at - line;
            }

            deepest = Math.Max(deepest, at - line);
            at = AfterBreak(at);
        }

        return Math.Max(deepest, parent + 1);
    }

    // Lines of the scalar: blank ones, and those indented at least so far.
    private void ScanBlockLines(YamlNode node, int line, int column, bool keep)
    {
        while (line < _s.Length)
        {
            int at = line;
            while (at < _s.Length && at - line < column && _s[at] == ' ')
                at++;
            bool blank = at >= _s.Length || _s[at] is '\n' or '\r';
            if (!blank && (at - line < column || (column == 0 && (MarkerAt(line, '-') || MarkerAt(line, '.')))))
                break;
            int end = LineEnd(at);
            if (!blank || keep)
                node.End = end;
            line = AfterBreak(end);
        }

        _p = _lineStart = line;
    }
}
