using System.Management.Automation;
using System.Text;

namespace TalosTailscale.Build.Help;

/// <summary>Syntax and names of types as PowerShell writes them.</summary>
public static class SyntaxText
{
    private const int Width = 100;

    /// <summary>One parameter set, wrapped.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="set">Its parameters.</param>
    public static string Of(string cmdlet, IEnumerable<ModuleParameter> set)
    {
        var text = new StringBuilder(cmdlet);
        var column = text.Length;
        foreach (var word in set.Select(Of).Append("[<CommonParameters>]"))
        {
            if (column + 1 + word.Length > Width)
            {
                text.Append("\n   ");
                column = 3;
            }

            text.Append(' ').Append(word);
            column += 1 + word.Length;
        }

        return text.ToString();
    }

    /// <summary>The name of a type, as a user types it.</summary>
    /// <param name="type">The type.</param>
    public static string NameOf(Type type)
    {
        if (type.IsArray)
            return NameOf(type.GetElementType()!) + "[]";
        var inner = Nullable.GetUnderlyingType(type) ?? type;
        return inner == typeof(SwitchParameter) ? "switch"
            : inner == typeof(string) ? "string"
            : inner == typeof(int) ? "int"
            : inner == typeof(long) ? "long"
            : inner == typeof(ulong) ? "ulong"
            : inner == typeof(object) ? "object"
            : inner.Name;
    }

    private static string Of(ModuleParameter parameter)
    {
        var name = "-" + parameter.Name;
        if (parameter.Type == typeof(SwitchParameter))
            return parameter.Mandatory ? name : $"[{name}]";
        if (parameter.Position is not null)
            name = $"[{name}]";
        var whole = $"{name} <{NameOf(parameter.Type)}>";
        return parameter.Mandatory ? whole : $"[{whole}]";
    }
}
