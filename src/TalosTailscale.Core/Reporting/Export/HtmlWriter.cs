using System.Globalization;
using System.Text;

namespace TalosTailscale.Core.Reporting.Export;

/// <summary>
/// Writes elements and texts. There is no way to write mark-up from a value: texts and attributes are always encoded,
/// and signs that could turn the reading direction or hide in a text are shown by their number.
/// </summary>
internal sealed class HtmlWriter(TextWriter writer, Func<string, string> mask)
{
    private readonly Stack<string> _open = new();

    /// <summary>Opens an element; a null value leaves its attribute out.</summary>
    public HtmlWriter Open(string tag, params (string Name, string? Value)[] attributes)
    {
        Start(tag, attributes);
        writer.Write('>');
        _open.Push(tag);
        return this;
    }

    public HtmlWriter Close()
    {
        writer.Write($"</{_open.Pop()}>");
        return this;
    }

    /// <summary>Closes an element of a block and ends the line.</summary>
    public void CloseLine()
    {
        Close();
        writer.Write('\n');
    }

    /// <summary>An element with a text.</summary>
    public HtmlWriter Element(string tag, string text, params (string Name, string? Value)[] attributes) =>
        Open(tag, attributes).Text(text).Close();

    /// <summary>An element without content: void in HTML, self-closing in SVG.</summary>
    public HtmlWriter Empty(string tag, params (string Name, string? Value)[] attributes)
    {
        Start(tag, attributes);
        writer.Write("/>");
        return this;
    }

    public HtmlWriter Text(string text)
    {
        Encode(mask(text));
        return this;
    }

    /// <summary>Text of this program itself that is no value: the style sheet.</summary>
    public HtmlWriter Constant(string text)
    {
        writer.Write(text);
        return this;
    }

    /// <summary>A number as attributes want it.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Whether a sign is shown by its number: controls, and signs that change the direction or have no width.</summary>
    public static bool IsTricky(Rune rune) =>
        (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control && rune.Value is not ('\n' or '\t'))
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned;

    private void Start(string tag, (string Name, string? Value)[] attributes)
    {
        writer.Write('<');
        writer.Write(tag);
        foreach (var (name, value) in attributes)
        {
            if (value is null)
                continue;
            writer.Write(' ');
            writer.Write(name);
            writer.Write("=\"");
            Encode(mask(value));
            writer.Write('"');
        }
    }

    private void Encode(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '&':
                    writer.Write("&amp;");
                    break;
                case '<':
                    writer.Write("&lt;");
                    break;
                case '>':
                    writer.Write("&gt;");
                    break;
                case '"':
                    writer.Write("&quot;");
                    break;
                case '\'':
                    writer.Write("&#39;");
                    break;
                default:
                    writer.Write(IsTricky(rune) ? $"\u27E8U+{rune.Value:X4}\u27E9" : rune.ToString());
                    break;
            }
        }
    }
}
