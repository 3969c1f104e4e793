using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images;

/// <summary>Kernel command lines as Talos reads them: fields between white space, no quoting (siderolabs/go-procfs).</summary>
public static class KernelCommandLine
{
    /// <summary>The parameter that stops an installed system.</summary>
    public const string HaltParameter = "talos.halt_if_installed";

    /// <summary>The values of a parameter, in order; a bare word has the empty value.</summary>
    /// <param name="commandLine">The command line.</param>
    /// <param name="name">The parameter.</param>
    /// <returns>The values.</returns>
    public static IEnumerable<string> ValuesOf(string commandLine, string name)
    {
        ArgumentNullException.ThrowIfNull(commandLine);
        return from field in Fields(commandLine)
            let at = field.IndexOf('=', StringComparison.Ordinal)
            where string.Equals(at < 0 ? field : field[..at], name, StringComparison.Ordinal)
            select at < 0 ? "" : field[(at + 1)..];
    }

    /// <summary>
    /// Whether Talos stops when it finds itself installed: Go's <c>strconv.ParseBool</c> of the first value
    /// (siderolabs/talos, <c>haltIfInstalled</c>). A bare word does not count, nor does a second value.
    /// </summary>
    /// <param name="commandLine">The command line.</param>
    /// <returns>True when it halts.</returns>
    public static bool Halts(string commandLine) =>
        ValuesOf(commandLine, HaltParameter).FirstOrDefault() is "1" or "t" or "T" or "true" or "True" or "TRUE";

    /// <summary>The command line without any occurrence of a parameter; what remains keeps its order.</summary>
    /// <param name="commandLine">The command line.</param>
    /// <param name="name">The parameter.</param>
    /// <returns>The fields that remain, with one space between them.</returns>
    public static string Without(string commandLine, string name)
    {
        ArgumentNullException.ThrowIfNull(commandLine);
        ArgumentNullException.ThrowIfNull(name);
        return string.Join(
            ' ',
            Fields(commandLine).Where(f => f != name && !f.StartsWith(name + "=", StringComparison.Ordinal))
        );
    }

    /// <summary>
    /// A command line for people: every white space is a blank and what could drive a terminal can be seen, so that it
    /// falls into the same fields as the one that boots.
    /// </summary>
    internal static string Printable(string commandLine) =>
        PrintableText.Line(string.Concat(commandLine.Select(c => char.IsWhiteSpace(c) ? ' ' : c)));

    private static string[] Fields(string commandLine) =>
        commandLine.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
