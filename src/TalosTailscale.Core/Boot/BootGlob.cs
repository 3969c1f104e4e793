namespace TalosTailscale.Core.Boot;

/// <summary>
/// The patterns of <c>LoaderEntryDefault</c> and of the <c>default</c> line: <c>*</c>, <c>?</c>, <c>[a-z]</c> and <c>\</c>
/// (systemd, src/boot/efi-string.c, <c>efi_fnmatch</c>). There is no negated set.
/// </summary>
internal static class BootGlob
{
    /// <summary>Whether the whole of the id matches; both are lower-cased by the caller.</summary>
    /// <remarks>Linear in pattern × id: a <c>*</c> is only ever retried from the last one, never from earlier ones.</remarks>
    internal static bool IsMatch(string pattern, string id)
    {
        int p = 0,
            i = 0,
            starPattern = -1,
            starId = 0;
        while (true)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                starPattern = ++p;
                starId = i;
                continue;
            }

            if (p == pattern.Length && i == id.Length)
                return true;
            if (p < pattern.Length && i < id.Length && MatchOne(pattern, ref p, id[i]))
            {
                i++;
                continue;
            }

            if (starPattern < 0 || starId >= id.Length)
                return false;
            p = starPattern;
            i = ++starId;
        }
    }

    private static bool MatchOne(string pattern, ref int p, char c)
    {
        switch (pattern[p])
        {
            case '?':
                p++;
                return true;
            case '\\':
                if (p + 1 >= pattern.Length || pattern[p + 1] != c)
                    return false;
                p += 2;
                return true;
            case '[':
                return MatchSet(pattern, ref p, c);
            default:
                if (pattern[p] != c)
                    return false;
                p++;
                return true;
        }
    }

    private static bool MatchSet(string pattern, ref int p, char c)
    {
        bool match = false,
            canRange = true;
        int i = p + 1;
        for (bool first = true; i < pattern.Length; first = false, i++)
        {
            char now = pattern[i];
            if (now == ']' && !first)
            {
                p = i + 1;
                return match;
            }

            bool range = now == '-' && canRange && !first && i + 1 < pattern.Length && pattern[i + 1] != ']';
            char low = range ? pattern[i - 1] : default;
            if (range)
                now = pattern[++i];
            if (now == '\\')
            {
                if (++i >= pattern.Length)
                    return false;
                now = pattern[i];
            }

            // Ranges do not chain: [a-c-f] is a, b, c, '-' and f.
            match |= range ? low <= c && c <= now : now == c;
            canRange = !range;
        }

        return false;
    }
}
