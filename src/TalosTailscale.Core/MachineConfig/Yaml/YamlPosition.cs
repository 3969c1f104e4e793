namespace TalosTailscale.Core.MachineConfig.Yaml;

/// <summary>Line and column for people, counted only when something has to be said.</summary>
internal static class YamlPosition
{
    /// <summary>Line and column, both from 1, of an offset.</summary>
    public static (int Line, int Column) Of(string text, int at)
    {
        int line = 1;
        int start = 0;
        int end = Math.Clamp(at, 0, text.Length);
        for (int i = 0; i < end; i++)
        {
            if (text[i] == '\n' || (text[i] == '\r' && (i + 1 >= text.Length || text[i + 1] != '\n')))
            {
                line++;
                start = i + 1;
            }
        }

        if (start == 0 && text.StartsWith('\uFEFF'))
            start = 1;
        return (line, Math.Max(1, end - start + 1));
    }

    /// <summary>"line 3, column 5" of a node; "a new value" for one that was never text.</summary>
    public static string Describe(YamlNode node)
    {
        if (node.Source is null)
            return "a value from the patch";
        (int line, int column) = Of(node.Source, node.Start);
        return $"line {line}, column {column}";
    }
}
