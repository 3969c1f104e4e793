using System.Diagnostics.CodeAnalysis;

namespace TalosTailscale;

/// <summary>
/// Makes lists into arrays. The lists that the compiler makes of a collection expression have no public indexer, and
/// PowerShell would answer <c>$node.Manifests[0]</c> with the whole list.
/// </summary>
internal static class PlainList
{
    [return: NotNullIfNotNull(nameof(list))]
    public static IReadOnlyList<T>? Of<T>(IReadOnlyList<T>? list) =>
        list is null or T[] or List<T> ? list : list.ToArray();
}
