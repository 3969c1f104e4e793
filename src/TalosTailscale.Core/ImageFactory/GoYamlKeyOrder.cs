namespace TalosTailscale.Core.ImageFactory;

/// <summary>The order in which Go's yaml package writes the keys of a map: numbers in names count as numbers.</summary>
internal sealed class GoYamlKeyOrder : IComparer<string>
{
    public static GoYamlKeyOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        x ??= "";
        y ??= "";
        var i = 0;
        while (i < x.Length && i < y.Length && x[i] == y[i])
            i++;
        if (i == x.Length || i == y.Length)
            return x.Length.CompareTo(y.Length);
        bool xLetter = char.IsLetter(x[i]),
            yLetter = char.IsLetter(y[i]);
        if (xLetter && yLetter)
            return x[i].CompareTo(y[i]);
        if (xLetter || yLetter)
        {
            // A letter sorts behind anything else, but before a number that goes on.
            var inNumber = i > 0 && char.IsDigit(x[i - 1]);
            return xLetter == inNumber ? -1 : 1;
        }

        var (xNumber, xEnd) = Number(x, i);
        var (yNumber, yEnd) = Number(y, i);
        if (xNumber != yNumber)
            return xNumber.CompareTo(yNumber);
        return xEnd != yEnd ? xEnd.CompareTo(yEnd) : x[i].CompareTo(y[i]);
    }

    private static (decimal Value, int End) Number(string text, int start)
    {
        var value = 0m;
        var end = start;
        for (; end < text.Length && char.IsDigit(text[end]) && end - start < 18; end++)
            value = (value * 10) + (text[end] - '0');
        return (value, end);
    }
}
