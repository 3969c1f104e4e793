namespace TalosTailscale.Core.Boot;

/// <summary>
/// The order of version strings that systemd-boot sorts its menu by, and that the Boot Loader Specification refers to
/// (UAPI.10 Version Format): <c>~</c> sorts below the end of the string, so <c>v1.12.4~1</c> is older than <c>v1.12.4</c>.
/// </summary>
public sealed class BootVersionComparer : IComparer<string>
{
    /// <summary>The one instance.</summary>
    public static BootVersionComparer Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> a = x,
            b = y;
        while (true)
        {
            a = SkipInvalid(a);
            b = SkipInvalid(b);

            // Before the test for the end, because only here something is older than nothing.
            if (Separator('~', ref a, ref b, out int order))
                return order;
            if (a.IsEmpty || b.IsEmpty)
                return (a.IsEmpty ? 0 : 1) - (b.IsEmpty ? 0 : 1);
            if (
                Separator('-', ref a, ref b, out order)
                || Separator('^', ref a, ref b, out order)
                || Separator('.', ref a, ref b, out order)
                || Segment(ref a, ref b, out order)
            )
                return order;
        }
    }

    private static ReadOnlySpan<char> SkipInvalid(ReadOnlySpan<char> s)
    {
        int i = 0;
        while (i < s.Length && !char.IsAsciiLetterOrDigit(s[i]) && s[i] is not ('~' or '-' or '^' or '.'))
            i++;
        return s[i..];
    }

    private static bool Separator(char mark, ref ReadOnlySpan<char> a, ref ReadOnlySpan<char> b, out int order)
    {
        bool inA = a.Length > 0 && a[0] == mark,
            inB = b.Length > 0 && b[0] == mark;
        order = (inA ? 0 : 1) - (inB ? 0 : 1);
        if (order != 0)
            return true;
        if (inA)
        {
            a = a[1..];
            b = b[1..];
        }

        return false;
    }

    private static bool Segment(ref ReadOnlySpan<char> a, ref ReadOnlySpan<char> b, out int order)
    {
        bool digits = (a.Length > 0 && char.IsAsciiDigit(a[0])) || (b.Length > 0 && char.IsAsciiDigit(b[0]));
        ReadOnlySpan<char> headA = Take(ref a, digits),
            headB = Take(ref b, digits);
        order = digits ? CompareNumbers(headA, headB) : headA.SequenceCompareTo(headB);
        return order != 0;
    }

    private static int CompareNumbers(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (a.IsEmpty != b.IsEmpty)
            return a.IsEmpty ? -1 : 1;
        a = a.TrimStart('0');
        b = b.TrimStart('0');
        return a.Length != b.Length ? a.Length.CompareTo(b.Length) : a.SequenceCompareTo(b);
    }

    private static ReadOnlySpan<char> Take(ref ReadOnlySpan<char> s, bool digits)
    {
        int i = 0;
        while (i < s.Length && (digits ? char.IsAsciiDigit(s[i]) : char.IsAsciiLetter(s[i])))
            i++;
        ReadOnlySpan<char> head = s[..i];
        s = s[i..];
        return head;
    }
}
