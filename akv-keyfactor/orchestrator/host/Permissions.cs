// Debian's Newtonsoft.Json is built for .NET Framework and requires permissions, which .NET does
// not have. The official build in an orchestrator requires none on .NET.
[assembly: System.Reflection.AssemblyVersion("99.0.0.0")]

namespace System.Security
{
    public class CodeAccessPermission
    {
        public void Demand() { }
    }
}

namespace System.Security.Permissions
{
    public enum ReflectionPermissionFlag { NoFlags }

    public sealed class ReflectionPermission : CodeAccessPermission
    {
        public ReflectionPermission(PermissionState state) { }

        public ReflectionPermission(ReflectionPermissionFlag flag) { }
    }

    public sealed class SecurityPermission : CodeAccessPermission
    {
        public SecurityPermission(PermissionState state) { }

        public SecurityPermission(SecurityPermissionFlag flag) { }
    }
}
