using System.Globalization;
using System.Text;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Writes trees as YAML in a random hand: block and flow, quotes, indentation, comments, line ends.</summary>
internal sealed class RandomText
{
    private readonly Random _random;
    private readonly int _step;
    private readonly bool _listsIndented;
    private readonly StringBuilder _text = new();
    private int _comments;

    public RandomText(Random random)
    {
        _random = random;
        _step = random.Next(2) == 0 ? 2 : 4;
        _listsIndented = random.Next(2) == 0;
    }

    public List<string> Comments { get; } = [];

    public string Write(IReadOnlyList<Dictionary<string, object?>> documents)
    {
        if (Chance(20))
            _text.Append("---\n");
        for (int i = 0; i < documents.Count; i++)
        {
            if (i > 0)
                _text.Append(Chance(20) ? "--- # next\n" : "---\n");
            Map(documents[i], 0);
        }

        string text = _text.ToString();

        // A block scalar at the end of a text without line end is another text, unless it ends without one anyway.
        if (Chance(10) && !text.Contains("|\n", StringComparison.Ordinal))
            text = text.TrimEnd('\n');
        if (Chance(20))
            text = text.Replace("\n", "\r\n", StringComparison.Ordinal);
        return Chance(10) ? '\uFEFF' + text : text;
    }

    private bool Chance(int percent) => _random.Next(100) < percent;

    private void Map(Dictionary<string, object?> map, int column, bool firstStarted = false)
    {
        foreach ((string key, object? value) in map)
        {
            if (!firstStarted)
            {
                if (Chance(10))
                    OwnComment(column);
                _text.Append(' ', column);
            }

            firstStarted = false;
            _text.Append(Key(key)).Append(':');
            Value(value, column);
        }
    }

    private void Value(object? value, int column)
    {
        if (IsCollection(value, out int count) && (count == 0 || Chance(20)))
        {
            _text.Append(' ');
            Flow(value);
            LineEnd();
        }
        else if (value is Dictionary<string, object?> map)
        {
            LineEnd();
            Map(map, column + _step);
        }
        else if (value is List<object?> list)
        {
            LineEnd();
            List(list, column + (_listsIndented ? _step : 0));
        }
        else
        {
            Scalar(value, column);
        }
    }

    private void List(List<object?> list, int column)
    {
        foreach (object? item in list)
        {
            if (Chance(10))
                OwnComment(column);
            _text.Append(' ', column).Append('-');
            if (item is Dictionary<string, object?> { Count: > 0 } map && Chance(80))
            {
                _text.Append(' ');
                Map(map, column + 2, firstStarted: true);
            }
            else if (IsCollection(item, out _))
            {
                _text.Append(' ');
                Flow(item);
                LineEnd();
            }
            else
            {
                Scalar(item, column);
            }
        }
    }

    private void Scalar(object? value, int column)
    {
        bool literal =
            value is string text
            && text.Contains('\n')
            && text[0] is not ('\n' or ' ')
            && !text.EndsWith("\n\n", StringComparison.Ordinal)
            && !text.Contains('\r');
        if (!literal)
        {
            _text.Append(' ').Append(Inline(value, flow: false));
            LineEnd();
            return;
        }

        string content = (string)value!;
        _text.Append(content.EndsWith('\n') ? " |\n" : " |-\n");
        foreach (string line in content.TrimEnd('\n').Split('\n'))
            _text.Append(' ', line.Length == 0 ? 0 : column + _step).Append(line).Append('\n');
    }

    private void Flow(object? value)
    {
        switch (value)
        {
            case Dictionary<string, object?> map:
                _text.Append('{');
                int i = 0;
                foreach ((string key, object? inner) in map)
                {
                    if (i++ > 0)
                        _text.Append(", ");
                    _text.Append(Key(key)).Append(": ");
                    Flow(inner);
                }

                _text.Append('}');
                break;
            case List<object?> list:
                _text.Append('[');
                for (int j = 0; j < list.Count; j++)
                {
                    if (j > 0)
                        _text.Append(Chance(20) ? " , " : ", ");
                    Flow(list[j]);
                }

                _text.Append(list.Count > 0 && Chance(10) ? ",]" : "]");
                break;
            default:
                _text.Append(Inline(value, flow: true));
                break;
        }
    }

    private static bool IsCollection(object? value, out int count)
    {
        count =
            value is Dictionary<string, object?> map ? map.Count
            : value is List<object?> list ? list.Count
            : -1;
        return count >= 0;
    }

    private string Key(string key) =>
        key.All(c => char.IsLetterOrDigit(c) || c is '.' or '/') && !char.IsDigit(key[0]) && key != "true"
            ? key
            : Quoted(key);

    private string Inline(object? value, bool flow) =>
        value switch
        {
            bool truth => truth ? "true" : "false",
            long number => number.ToString(CultureInfo.InvariantCulture),
            string text
                when text.Length > 0
                    && text.All(c => char.IsLetter(c) || c == ' ')
                    && text is not ("true" or "null" or "yes" or "off")
                    && text.Trim() == text
                    && Chance(60) => text,
            string text when text is "100.100.100.100" or "-dash" && !flow => text,
            _ => Quoted((string)value!),
        };

    private string Quoted(string text)
    {
        if (Chance(40) && !text.Any(c => c < ' '))
            return "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
        return "\""
            + text.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal)
                .Replace("\t", "\\t", StringComparison.Ordinal)
            + "\"";
    }

    private void LineEnd()
    {
        if (Chance(10))
            _text.Append(Chance(50) ? " # side" : "   #side");
        _text.Append('\n');
        if (Chance(4))
            _text.Append('\n');
    }

    private void OwnComment(int column)
    {
        string comment = $"# own {_comments++} -";
        Comments.Add(comment);
        _text.Append(' ', column).Append(comment).Append('\n');
    }
}
