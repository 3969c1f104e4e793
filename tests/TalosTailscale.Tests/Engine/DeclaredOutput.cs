using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using TalosTailscale.Commands;

namespace TalosTailscale.Tests.Engine;

/// <summary>
/// Holds in every test that a cmdlet of the module writes what its OutputType says: whatever a script gives whose output
/// comes from one pipeline that ends with such a cmdlet.
/// </summary>
internal static class DeclaredOutput
{
    private static readonly Dictionary<string, string[]> s_types = typeof(TsCmdlet)
        .Assembly.GetExportedTypes()
        .Where(type => type.GetCustomAttribute<CmdletAttribute>() is not null)
        .ToDictionary(NameOf, TypesOf, StringComparer.OrdinalIgnoreCase);

    /// <summary>Fails the test when an object is of no type that the script's last cmdlet declares.</summary>
    /// <param name="script">The script that ran.</param>
    /// <param name="output">What it wrote.</param>
    public static void Check(string script, IEnumerable<PSObject?> output)
    {
        if (LastCommand(script) is not { } command || !s_types.TryGetValue(command, out string[]? declared))
            return;
        foreach (PSObject? value in output)
        {
            Assert.True(
                value is not null
                    && Lineage(value.BaseObject.GetType()).Any(type => declared.Contains(type, StringComparer.Ordinal)),
                $"{command} wrote a {value?.BaseObject.GetType().FullName ?? "null"}; its OutputType says {string.Join(", ", declared)}."
            );
        }
    }

    /// <summary>The name of the command that a script's output comes from, or null where it may come from several.</summary>
    internal static string? LastCommand(string script)
    {
        ScriptBlockAst ast = Parser.ParseInput(script, out _, out ParseError[] errors);
        if (errors.Length > 0 || ast.BeginBlock is not null || ast.ProcessBlock is not null || ast.EndBlock is null)
            return null;
        StatementAst[] writing =
        [
            .. ast.EndBlock.Statements.Where(statement => statement is not AssignmentStatementAst),
        ];
        return
            writing is [PipelineAst pipeline]
            && pipeline.PipelineElements[^1] is CommandAst { Redirections.Count: 0 } command
            ? command.GetCommandName()
            : null;
    }

    private static string NameOf(Type type)
    {
        CmdletAttribute cmdlet = type.GetCustomAttribute<CmdletAttribute>()!;
        return $"{cmdlet.VerbName}-{cmdlet.NounName}";
    }

    private static string[] TypesOf(Type type) =>
        [
            .. type.GetCustomAttributes<OutputTypeAttribute>()
                .SelectMany(output => output.Type)
                .Select(output => output.Name)
                .Distinct(),
        ];

    private static IEnumerable<string?> Lineage(Type type)
    {
        for (Type? one = type; one is not null && one != typeof(object); one = one.BaseType)
            yield return one.FullName;
    }
}
