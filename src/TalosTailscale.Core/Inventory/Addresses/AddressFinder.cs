using System.Net;
using System.Net.Sockets;

namespace TalosTailscale.Core.Inventory;

/// <summary>A place in a text that says an address.</summary>
/// <param name="Start">Offset of its first character.</param>
/// <param name="Length">How many characters.</param>
/// <param name="Form">How it is written.</param>
public readonly record struct AddressMatch(int Start, int Length, AddressForm Form)
{
    /// <summary>The offset after its last character.</summary>
    public int End => Start + Length;
}

/// <summary>
/// Finds an address in a text, and nothing that only looks like it: <c>192.168.1.20</c> is neither in
/// <c>192.168.1.202</c> nor in <c>1.192.168.1.20</c>.
/// </summary>
public static class AddressFinder
{
    /// <summary>Finds every place, in the order of the text; places do not overlap.</summary>
    /// <param name="text">The text.</param>
    /// <param name="forms">What to look for.</param>
    /// <returns>The places.</returns>
    public static IReadOnlyList<AddressMatch> Find(string text, AddressForms forms)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(forms);
        var found = new List<AddressMatch>();
        if (forms.IsRenamed)
            Add(found, text, forms.OldName!, AddressForm.Name, IsName);
        if (forms.OldAddress.AddressFamily == AddressFamily.InterNetwork)
        {
            Add(found, text, forms.OldAddress.ToString(), AddressForm.Address, IsDotted);
            Add(found, text, forms.OldDashed!, AddressForm.Dashed, IsDashed);
        }
        else
        {
            AddColons(found, text, forms.OldAddress);
        }

        found.Sort((left, right) => left.Start.CompareTo(right.Start));
        return found;
    }

    /// <summary>Whether a text says the address or the name anywhere.</summary>
    /// <param name="text">The text.</param>
    /// <param name="forms">What to look for.</param>
    /// <returns>True if it does.</returns>
    public static bool Contains(string text, AddressForms forms) => Find(text, forms).Count > 0;

    private static void Add(
        List<AddressMatch> found,
        string text,
        string wanted,
        AddressForm form,
        Func<string, int, int, bool> stands
    )
    {
        for (
            int at = text.IndexOf(wanted, StringComparison.OrdinalIgnoreCase);
            at >= 0;
            at = text.IndexOf(wanted, at + 1, StringComparison.OrdinalIgnoreCase)
        )
        {
            var match = new AddressMatch(at, wanted.Length, form);
            if (stands(text, at, match.End) && !found.Exists(one => one.Start < match.End && at < one.End))
                found.Add(match);
        }
    }

    // Letters before are another word (host192.168.1.2), but for the escapes of JSON and of scripts ("\n192.168.1.2").
    private static bool IsDotted(string text, int start, int end)
    {
        char before = At(text, start - 1);
        if (IsWord(before) && !IsEscape(text, start))
            return false;
        if (before == '.' && char.IsAsciiDigit(At(text, start - 2)))
            return false;
        char after = At(text, end);
        return !IsWord(after) && !(after == '.' && char.IsAsciiDigit(At(text, end + 1)));
    }

    // A host name goes on at both sides (node-1-192-168-1-202-0), but a number does not.
    private static bool IsDashed(string text, int start, int end) =>
        !char.IsAsciiDigit(At(text, start - 1)) && !char.IsAsciiDigit(At(text, end));

    private static bool IsName(string text, int start, int end) =>
        !IsLabel(At(text, start - 1)) && !IsLabel(At(text, end));

    private static bool IsEscape(string text, int start)
    {
        char before = At(text, start - 1);
        if (before is 'n' or 'r' or 't' && At(text, start - 2) == '\\')
            return true;
        return char.IsAsciiHexDigit(before) && char.IsAsciiHexDigit(At(text, start - 2)) && At(text, start - 3) == '%';
    }

    // IPv6 is written in many ways: what counts is what a run of its characters means.
    private static void AddColons(List<AddressMatch> found, string text, IPAddress wanted)
    {
        for (int at = 0; at < text.Length; at++)
        {
            if (!IsColonText(text[at]))
                continue;
            int end = at;
            while (end < text.Length && IsColonText(text[end]))
                end++;
            int stop = text[end - 1] == ':' && At(text, end - 2) != ':' ? end - 1 : end;
            ReadOnlySpan<char> run = text.AsSpan(at, stop - at);
            bool stands = !IsWord(At(text, at - 1)) && !IsWord(At(text, end));
            if (
                stands
                && run.Count(':') >= 2
                && IPAddress.TryParse(run, out IPAddress? address)
                && address.Equals(wanted)
                && !found.Exists(one => one.Start < stop && at < one.End)
            )
                found.Add(new AddressMatch(at, stop - at, AddressForm.Address));
            at = end;
        }
    }

    private static bool IsColonText(char c) => char.IsAsciiHexDigit(c) || c == ':';

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool IsLabel(char c) => IsWord(c) || c == '-';

    private static char At(string text, int index) => index >= 0 && index < text.Length ? text[index] : '\0';
}
