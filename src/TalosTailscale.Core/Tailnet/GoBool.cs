namespace TalosTailscale.Core.Tailnet;

/// <summary>Truth values as Go's <c>strconv.ParseBool</c> reads them, which is how containerboot reads its variables.</summary>
internal static class GoBool
{
    public static bool TryParse(string? text, out bool value)
    {
        value = text is "1" or "t" or "T" or "TRUE" or "true" or "True";
        return value || text is "0" or "f" or "F" or "FALSE" or "false" or "False";
    }
}
